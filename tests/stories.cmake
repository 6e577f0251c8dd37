# Stories (stories/README.md): each file is a test, played to the engine without sockets.
add_executable(attend-story story_run.c story_words.c story_talk.c story_acts.c story_marks.c story_school.c
  story_people.c story_sees.c story_alerts.c story_report.c story_letters.c engine_host.c engine_inside.c engine_texts.c)
# What `attend report` adds up, without the command round it.
foreach(part report report_pupils report_sums report_cases report_meeting when)
  target_sources(attend-story PRIVATE ${CMAKE_SOURCE_DIR}/client/${part}.c)
endforeach()
target_link_libraries(attend-story PRIVATE attend-engine attend-pathways PkgConfig::JANSSON PkgConfig::YAML PkgConfig::CMOCKA)
target_compile_options(attend-story PRIVATE -Wno-missing-prototypes)

file(GLOB stories CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/stories/*.yaml)
# That the runner can fail, and says where.
add_test(NAME story-runner COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/story_faults.py $<TARGET_FILE:attend-story>
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
add_test(NAME conformance COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/conformance.py WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(story-runner conformance PROPERTIES TIMEOUT 60 ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)

foreach(story ${stories})
  get_filename_component(name ${story} NAME_WE)
  add_test(NAME story-${name} COMMAND attend-story tests/stories/${name}.yaml WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(story-${name} PROPERTIES TIMEOUT 120 LABELS story)
endforeach()
