# The daemon's shell over an engine that counts and echoes (fake_engine.h), under
# the real main.c; once more with the handshake's answer turned round, and with little
# room for what peers may fill.
set(daemon_shell_main ${CMAKE_SOURCE_DIR}/daemon/main.c fake_engine.c)
add_executable(attendd-fake ${daemon_shell_main})
add_executable(attendd-open ${daemon_shell_main} open_door.c)
target_link_options(attendd-open PRIVATE -Wl,--wrap=known_keys_has)
add_executable(attendd-narrow ${daemon_shell_main} narrow_room.c)
target_link_options(attendd-narrow PRIVATE -Wl,--wrap=flood_start)
foreach(program attendd-fake attendd-open attendd-narrow)
  target_link_libraries(${program} PRIVATE attend-shell attend-casework attend-proto)
  target_compile_definitions(${program} PRIVATE ATTEND_VERSION="${PROJECT_VERSION}")
  target_compile_options(${program} PRIVATE -Wno-missing-prototypes)
endforeach()

attend_test(clock_steps attend-shell)
attend_test(daemon_pace attend-shell)
attend_test(daemon_journal attend-shell)
target_link_options(test-daemon_journal PRIVATE -Wl,--wrap=sd_journal_sendv)
attend_test(daemon_door attend-shell)
attend_test(daemon_turns attend-shell)
attend_test(daemon_gate attend-shell)
foreach(name daemon_commands daemon_config daemon_shell daemon_flood)
  attend_test(${name} attend-shell)
endforeach()
foreach(name daemon_door daemon_gate daemon_commands daemon_config daemon_shell daemon_flood)
  target_sources(test-${name} PRIVATE daemon_host.c)
  target_compile_definitions(test-${name} PRIVATE
    ATTENDD_FAKE="$<TARGET_FILE:attendd-fake>" ATTENDD_OPEN="$<TARGET_FILE:attendd-open>"
    ATTENDD_NARROW="$<TARGET_FILE:attendd-narrow>")
  add_dependencies(test-${name} attendd-fake attendd-open attendd-narrow)
endforeach()
# server.c calls an engine even where a test only wants what stands beside it.
target_sources(test-daemon_door PRIVATE hostile/wire.c)
foreach(name clock_steps daemon_pace daemon_door daemon_gate daemon_turns daemon_journal)
  target_sources(test-${name} PRIVATE fake_engine.c)
endforeach()

find_program(SYSTEMD_ANALYZE systemd-analyze)
if(SYSTEMD_ANALYZE)
  add_test(NAME systemd_unit COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/systemd_unit.sh
    ${CMAKE_SOURCE_DIR}/systemd $<TARGET_FILE:attendd-fake> $<TARGET_FILE:attend> ${SYSTEMD_ANALYZE})
endif()
