# Stories (stories/README.md): each file is a test, played to the engine without sockets.
add_executable(attend-story story_run.c story_words.c story_talk.c story_acts.c story_marks.c story_school.c
  story_sees.c engine_host.c engine_inside.c engine_texts.c)
target_link_libraries(attend-story PRIVATE attend-engine attend-pathways PkgConfig::JANSSON PkgConfig::YAML PkgConfig::CMOCKA)
target_compile_options(attend-story PRIVATE -Wno-missing-prototypes)

file(GLOB stories CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/stories/*.yaml)
foreach(story ${stories})
  get_filename_component(name ${story} NAME_WE)
  add_test(NAME story-${name} COMMAND attend-story tests/stories/${name}.yaml WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(story-${name} PROPERTIES TIMEOUT 120 LABELS story)
endforeach()
