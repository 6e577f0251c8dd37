# The engine without sockets: engine_host.h drives it.
foreach(name engine_input engine_bundle engine_content engine_again engine_roles engine_time engine_story
             engine_replay engine_asof engine_feed engine_full engine_proof
             engine_backup engine_behind engine_people engine_family engine_move engine_trial engine_trial_far
             engine_timing engine_calendar engine_tail engine_frames engine_feed_shared engine_cover engine_sealed engine_earlier engine_dual engine_days engine_health engine_board engine_worklist engine_sick engine_sick_write engine_sick_copy engine_sick_batch engine_sick_trial engine_unreadable engine_refusals engine_concerns engine_midst engine_many engine_forged random_cases)
  attend_test(${name} attend-engine)
  if(TARGET test-${name})
    target_sources(test-${name} PRIVATE engine_host.c engine_inside.c engine_same.c engine_texts.c)
    set_tests_properties(${name} PROPERTIES TIMEOUT 300)
  endif()
endforeach()
target_sources(test-random_cases PRIVATE random_world.c random_actions.c random_ledger.c)
# The nth call fails (failing_calls.h).
foreach(name engine_sick engine_sick_write engine_sick_copy engine_sick_batch engine_sick_trial engine_unreadable engine_refusals)
  target_sources(test-${name} PRIVATE engine_sick_scene.c failing_calls.c)
  target_link_options(test-${name} PRIVATE -Wl,@${CMAKE_CURRENT_SOURCE_DIR}/failing_calls.options)
endforeach()
foreach(name engine_trial engine_trial_far engine_midst engine_forged)
  target_sources(test-${name} PRIVATE engine_sick_scene.c)
endforeach()
target_sources(test-engine_concerns PRIVATE random_world.c random_actions.c)
