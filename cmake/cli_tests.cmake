# tests/cli/NAME.sh -> test cli/NAME: the command as users type it. Each gets the binary in $RONDO and a fresh folder.
if(TARGET rondo)
  # What tests/cli/faults.sh puts before the C library; it cannot stand before a sanitizer's.
  add_library(rondo_faults SHARED ${CMAKE_SOURCE_DIR}/tests/faults/faults.c)
  set_target_properties(rondo_faults PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests C_EXTENSIONS ON)
  target_compile_options(rondo_faults PRIVATE -fvisibility=default)
  file(GLOB CLI_TESTS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/cli/*.sh)
  foreach(FILE ${CLI_TESTS})
    get_filename_component(NAME ${FILE} NAME_WE)
    if(NOT NAME STREQUAL "lib")
      add_test(NAME cli/${NAME} COMMAND bash ${FILE})
      set_tests_properties(cli/${NAME} PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77
        ENVIRONMENT "RONDO=$<TARGET_FILE:rondo>;RONDO_TOP=${CMAKE_SOURCE_DIR};RONDO_FAULTS=$<TARGET_FILE:rondo_faults>")
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

# tests/bench: how many instructions fixed work takes, only of an optimised build; and that the race of bench/ runs.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT RONDO_COVERAGE)
  add_executable(bench_work ${CMAKE_SOURCE_DIR}/tests/bench/work.c)
  target_link_libraries(bench_work PRIVATE rondo_static)
  set_target_properties(bench_work PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  if(RONDO_HAVE_SENTENCEPIECE)
    set_target_properties(bench_work PROPERTIES LINKER_LANGUAGE CXX)
  endif()
  add_test(NAME bench/instructions COMMAND bash ${CMAKE_SOURCE_DIR}/tests/bench/instructions.sh)
  if(TARGET rondo)
    add_test(NAME bench/race COMMAND bash ${CMAKE_SOURCE_DIR}/tests/bench/race.sh)
    set_tests_properties(bench/race PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 ENVIRONMENT "RONDO=$<TARGET_FILE:rondo>")
  endif()
  set_tests_properties(bench/instructions PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT "RONDO_BENCH_WORK=$<TARGET_FILE:bench_work>")
endif()
