foreach(name codes civil calendar calendar_splice pupil pupil_cut pupil_random watch watch_runs watch_stays watch_random standing people task)
  attend_test(casework_${name} attend-casework attend-proto)
endforeach()
add_test(NAME purity COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/purity.sh ${CMAKE_C_COMPILER}
         WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(purity PROPERTIES TIMEOUT 300)
