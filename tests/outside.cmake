# The tests that drive the two programs from outside, in Python: what a connector,
# an officer and an unlucky machine do. ./dev soak runs the long forms.
set(programs --attendd $<TARGET_FILE:attendd> --attend $<TARGET_FILE:attend>)
set(outside ${CMAKE_CURRENT_SOURCE_DIR})

add_test(NAME outside-connector
  COMMAND /usr/bin/python3 ${outside}/run_with_daemon.py ${programs} -- /usr/bin/python3 ${outside}/interop/connector.py)
add_test(NAME outside-term COMMAND /usr/bin/python3 ${outside}/term.py ${programs} --pupils 300)
add_test(NAME outside-torture COMMAND /usr/bin/python3 ${outside}/torture.py ${programs} --kills 20)
add_test(NAME outside-story COMMAND /usr/bin/python3 ${outside}/story.py ${programs} --pace 0)
add_test(NAME outside-drawing COMMAND /usr/bin/python3 ${outside}/drawing.py $<TARGET_FILE:attend>)
add_test(NAME outside-reports COMMAND /usr/bin/python3 ${outside}/reports.py ${programs})
add_test(NAME outside-trial COMMAND /usr/bin/python3 ${outside}/trial.py ${programs})
add_test(NAME outside-outbox COMMAND /usr/bin/python3 ${outside}/outbox.py ${programs} --kills 20)
add_test(NAME outside-spool COMMAND /usr/bin/python3 ${outside}/spool.py ${programs})
add_test(NAME outside-subscribers COMMAND /usr/bin/python3 ${outside}/subscribers.py ${programs}
  --subscribers 40 --minutes 12 --second 0.1)
add_test(NAME outside-watch COMMAND /usr/bin/python3 ${outside}/watch.py ${programs})

set_tests_properties(outside-connector outside-outbox outside-spool outside-subscribers outside-watch outside-term outside-torture outside-story outside-drawing outside-trial outside-reports PROPERTIES
  LABELS outside ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
set_tests_properties(outside-connector outside-spool outside-watch outside-story outside-drawing outside-trial outside-reports PROPERTIES TIMEOUT 120)
set_tests_properties(outside-term PROPERTIES TIMEOUT 240)
set_tests_properties(outside-torture outside-outbox outside-subscribers PROPERTIES TIMEOUT 300)
