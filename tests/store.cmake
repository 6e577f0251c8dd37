# The store against LMDB as it is, damaged and failing.
foreach(name store_store store_open store_log store_tree store_note store_secrets store_hashes store_damage store_faults store_gather store_redo store_sick)
  attend_test(${name} attend-store attend-proto)
endforeach()
target_sources(test-store_sick PRIVATE failing_calls.c)
target_link_options(test-store_sick PRIVATE -Wl,@${CMAKE_CURRENT_SOURCE_DIR}/failing_calls.options)
set_tests_properties(store_sick PROPERTIES TIMEOUT 300)
