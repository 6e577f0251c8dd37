# That the mistakes that ./dev mutants plants can still be planted.
add_test(NAME mutants_apply COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/mutants.py --check)
set_tests_properties(mutants_apply PROPERTIES TIMEOUT 60 ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
