# Officers where they already are: the calendar feed, the digest.
foreach(name feed digest)
  add_test(NAME officers-${name} COMMAND /usr/bin/python3 ${outside}/${name}.py ${programs})
  set_tests_properties(officers-${name} PROPERTIES TIMEOUT 120 LABELS outside ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
endforeach()
