# The Python package: from the source tree, and from a wheel that is built without a network.
set(package ${CMAKE_CURRENT_SOURCE_DIR}/python)
add_test(NAME python-package COMMAND /usr/bin/python3 ${package}/package.py ${programs})
add_test(NAME python-wheel COMMAND /usr/bin/python3 ${package}/wheel.py ${programs})
set_tests_properties(python-package python-wheel PROPERTIES TIMEOUT 120 LABELS outside ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
