# The store against LMDB as it is, damaged and failing.
foreach(name store_store store_open store_log store_tree store_note store_secrets store_damage store_faults store_gather store_redo)
  attend_test(${name} attend-store attend-proto)
endforeach()
