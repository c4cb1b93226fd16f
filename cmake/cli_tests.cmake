# tests/cli/NAME.sh -> test cli/NAME: the command as users type it. Each gets the binary in $RONDO and a fresh folder.
if(TARGET rondo)
  file(GLOB CLI_TESTS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/cli/*.sh)
  foreach(FILE ${CLI_TESTS})
    get_filename_component(NAME ${FILE} NAME_WE)
    if(NOT NAME STREQUAL "lib")
      add_test(NAME cli/${NAME} COMMAND bash ${FILE})
      set_tests_properties(cli/${NAME} PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77
        ENVIRONMENT "RONDO=$<TARGET_FILE:rondo>;RONDO_TOP=${CMAKE_SOURCE_DIR}")
    endif()
  endforeach()
endif()

# examples/NAME.c -> test examples/NAME: the C examples build against the public headers and run.
file(GLOB EXAMPLES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/examples/*.c)
foreach(FILE ${EXAMPLES})
  get_filename_component(NAME ${FILE} NAME_WE)
  add_executable(example_${NAME} ${FILE})
  target_link_libraries(example_${NAME} PRIVATE rondo_shared)
  set_target_properties(example_${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME examples/${NAME} COMMAND example_${NAME})
  set_tests_properties(examples/${NAME} PROPERTIES SKIP_RETURN_CODE 77)
endforeach()
