# Simulation (simulation/world.h): the engine over a simulated machine, against a naive model. `./dev simulate`
# runs as many steps as are wanted; here fixed seeds, those that found something, and a new one each time.
file(GLOB simulation CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/simulation/*.c)
add_executable(attend-simulate ${simulation})
target_link_libraries(attend-simulate PRIVATE attend-engine attend-shell ${CMAKE_DL_LIBS})
target_compile_options(attend-simulate PRIVATE -Wno-missing-prototypes)

add_test(NAME simulation COMMAND attend-simulate --seeds 1-4 --steps 400 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
add_test(NAME simulation-old COMMAND attend-simulate --file tests/simulation/regressions.txt WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
add_test(NAME simulation-new COMMAND attend-simulate --steps 400 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(simulation simulation-new simulation-old PROPERTIES TIMEOUT 300 LABELS simulation)
