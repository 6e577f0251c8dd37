attend_test(casework_codes attend-casework attend-proto)
attend_test(casework_civil attend-casework attend-proto)
attend_test(casework_calendar attend-casework attend-proto)
attend_test(casework_pupil attend-casework attend-proto)
attend_test(casework_watch attend-casework attend-proto)
attend_test(casework_watch_random attend-casework attend-proto)
add_test(NAME purity COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/purity.sh ${CMAKE_C_COMPILER}
         WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(purity PROPERTIES TIMEOUT 300)
