# The recorder stands before libc in a real attendd; what it wrote down is cut anywhere. ./dev powercut runs the long form.
add_library(powercut-recorder MODULE powercut/recorder.c powercut/recorder_writes.c)
target_link_libraries(powercut-recorder PRIVATE ${CMAKE_DL_LIBS})
target_compile_options(powercut-recorder PRIVATE -Wno-missing-prototypes -fno-sanitize=all -U_FORTIFY_SOURCE)
set_target_properties(powercut-recorder PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

add_executable(powercut powercut/powercut.c powercut/counts.c powercut/plan.c powercut/said.c powercut/check.c powercut/disk.c powercut/disk_state.c powercut/second.c)
target_link_libraries(powercut PRIVATE attend-engine attend-proto attend-store)

add_test(NAME outside-powercut COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/powercut/record.py ${programs}
  --recorder $<TARGET_FILE:powercut-recorder> --powercut $<TARGET_FILE:powercut> --states 40 --acks 100)
set_tests_properties(outside-powercut PROPERTIES LABELS outside ENVIRONMENT PYTHONDONTWRITEBYTECODE=1 TIMEOUT 240)
