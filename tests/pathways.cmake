attend_test(timing_rules attend-pathways)
attend_test(pathway_timing attend-pathways)
attend_test(pathway_limits attend-pathways)
attend_test(pathway_include attend-pathways)
attend_test(pathway_compile attend-pathways)
attend_test(pathway_expression attend-pathways)
attend_test(case_rules attend-pathways)
attend_test(case_record attend-pathways)
attend_test(stockport_support attend-pathways)
attend_test(stockport_notice attend-pathways)
attend_test(stockport_penalty attend-pathways)
attend_test(stockport_monitoring attend-pathways)
attend_test(pathway_draw attend-command)
attend_test(pathway_reach attend-pathways)

# Every file that is shipped, the examples too, is one that can be loaded.
file(GLOB shipped RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/pathways/*.yaml ${CMAKE_SOURCE_DIR}/pathways/examples/*.yaml)
list(REMOVE_ITEM shipped pathways/national.yaml) # which they include
add_test(NAME pathway_files COMMAND attend pathway check ${shipped} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})

# The schema for editors says what the compiler says.
add_executable(pathway-words pathway_words.c)
target_link_libraries(pathway-words PRIVATE attend-pathways)
target_link_options(pathway-words PRIVATE -Wl,--wrap=read_map)
target_compile_options(pathway-words PRIVATE -Wno-missing-prototypes)
add_test(NAME pathway_schema COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/schema.py
  --attend $<TARGET_FILE:attend> --words $<TARGET_FILE:pathway-words> WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(pathway_files pathway_schema PROPERTIES TIMEOUT 60 ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
attend_test(pathway_meetings attend-pathways)
attend_test(pathway_letters attend-pathways)
