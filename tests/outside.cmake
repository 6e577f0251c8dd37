# The tests that drive the two programs from outside, in Python: what a connector,
# an officer and an unlucky machine do. ./dev soak runs the long forms.
set(programs --attendd $<TARGET_FILE:attendd> --attend $<TARGET_FILE:attend>)
set(outside ${CMAKE_CURRENT_SOURCE_DIR})

add_test(NAME outside-connector
  COMMAND /usr/bin/python3 ${outside}/run_with_daemon.py ${programs} -- /usr/bin/python3 ${outside}/interop/connector.py)
add_test(NAME outside-term COMMAND /usr/bin/python3 ${outside}/term.py ${programs} --pupils 300)
add_test(NAME outside-year COMMAND /usr/bin/python3 ${outside}/year.py ${programs} --pupils 150 --schools 5 --parts 4 --cases 10)
add_test(NAME outside-torture COMMAND /usr/bin/python3 ${outside}/torture.py ${programs} --kills 20)
add_test(NAME outside-boots COMMAND ${outside}/boots.sh /usr/bin/python3 ${outside}/torture.py ${programs} --kills 12)
set_tests_properties(outside-boots PROPERTIES LABELS outside SKIP_RETURN_CODE 77 TIMEOUT 240 ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
add_test(NAME outside-story COMMAND /usr/bin/python3 ${outside}/story.py ${programs} --pace 0)
add_test(NAME outside-drawing COMMAND /usr/bin/python3 ${outside}/drawing.py $<TARGET_FILE:attend>)
add_test(NAME outside-calendars COMMAND /usr/bin/python3 ${outside}/calendars.py ${programs})
add_test(NAME outside-reports COMMAND /usr/bin/python3 ${outside}/reports.py ${programs})
add_test(NAME outside-importers COMMAND /usr/bin/python3 ${outside}/importers.py ${programs})
add_test(NAME outside-board COMMAND /usr/bin/python3 ${outside}/board/pages.py ${programs})
add_test(NAME outside-trial COMMAND /usr/bin/python3 ${outside}/trial.py ${programs})
add_test(NAME outside-runbook COMMAND /usr/bin/python3 ${outside}/runbook.py ${programs})
add_test(NAME outside-pages COMMAND ${outside}/pages.sh ${programs})

# What compiler and linker do against a fault's becoming a way in.
add_test(NAME hardening COMMAND ${outside}/hardening.sh $<$<OR:$<BOOL:${ATTEND_SANITIZE}>,$<BOOL:${ATTEND_THREADS}>,$<BOOL:${ATTEND_COVERAGE}>>:--sanitized>
  ${CMAKE_C_COMPILER} $<TARGET_FILE:attendd> $<TARGET_FILE:attend> COMMAND_EXPAND_LISTS)
add_test(NAME outside-outbox COMMAND /usr/bin/python3 ${outside}/outbox.py ${programs} --kills 20)
add_test(NAME outside-spool COMMAND /usr/bin/python3 ${outside}/spool.py ${programs})
add_test(NAME outside-subscribers COMMAND /usr/bin/python3 ${outside}/subscribers.py ${programs}
  --subscribers 40 --minutes 12 --second 0.1)
add_test(NAME outside-hostile COMMAND /usr/bin/python3 ${outside}/hostile.py --build ${CMAKE_BINARY_DIR} --short)
set_tests_properties(outside-hostile PROPERTIES LABELS outside ENVIRONMENT PYTHONDONTWRITEBYTECODE=1 TIMEOUT 240)
add_test(NAME outside-watch COMMAND /usr/bin/python3 ${outside}/watch.py ${programs})

set_tests_properties(outside-runbook outside-pages PROPERTIES LABELS outside TIMEOUT 240 ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
set_tests_properties(outside-connector outside-outbox outside-spool outside-subscribers outside-watch outside-term outside-year outside-torture outside-story outside-drawing outside-trial outside-reports outside-importers outside-board PROPERTIES
  LABELS outside ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
set_tests_properties(outside-connector outside-watch outside-story outside-drawing outside-trial outside-reports outside-board PROPERTIES TIMEOUT 120)
set_tests_properties(outside-term outside-year outside-importers PROPERTIES TIMEOUT 240)
set_tests_properties(outside-torture outside-outbox outside-subscribers PROPERTIES TIMEOUT 300)

# A daemon whose disk is ill when told to; its store answers as LMDB's does.
add_executable(attendd-sick ${CMAKE_SOURCE_DIR}/daemon/main.c sick_store.c)
target_link_libraries(attendd-sick PRIVATE attend-shell attend-engine)
target_link_options(attendd-sick PRIVATE -Wl,--wrap=store_open)
target_compile_options(attendd-sick PRIVATE -Wno-missing-prototypes)
add_test(NAME outside-monitoring COMMAND /usr/bin/python3 ${outside}/monitoring.py ${programs} --sick $<TARGET_FILE:attendd-sick>)
set_tests_properties(outside-monitoring PROPERTIES LABELS outside ENVIRONMENT PYTHONDONTWRITEBYTECODE=1 TIMEOUT 240)
