# tests/FOLDER/test_NAME.c        -> test FOLDER/NAME, float library
# tests/FOLDER/test_NAME_f64.c    -> test FOLDER/NAME_f64, double library (the definition)
# tests/FOLDER/test_NAME_both.c   -> both
# tests/FOLDER/plain_NAME.c       -> test FOLDER/NAME, without cmocka: these also run in the cross build
# Other .c files of tests/support are linked into every cmocka test. Tests may include internal headers (src/ is on
# their path). A test that returns 77 is shown as skipped.
#
# Label `threads`: a name with "threads" in it, and all of tests/laws/. The target test_threads builds just these; it is
# what runs under ThreadSanitizer.
find_library(CMOCKA_LIBRARY cmocka)
if(NOT CMOCKA_LIBRARY AND NOT RONDO_CORE_ONLY)
  message(FATAL_ERROR "The tests need cmocka (scripts/install-deps --tests); -DRONDO_TESTS=OFF builds without them")
endif()
file(GLOB TEST_SUPPORT CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/support/*.c)
file(GLOB TEST_FILES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/*/test_*.c)
file(GLOB PLAIN_FILES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/*/plain_*.c)
add_custom_target(test_threads)
add_custom_target(test_plain)

# FILE -> an executable of the same name under build/tests/, and the test FOLDER/NAME. ARGN: more sources and libraries.
function(rondo_test_program FILE KIND SUFFIX LIBRARY)
  get_filename_component(FOLDER ${FILE} DIRECTORY)
  get_filename_component(FOLDER ${FOLDER} NAME)
  get_filename_component(NAME ${FILE} NAME_WE)
  string(REGEX REPLACE "^${KIND}_" "" NAME ${NAME})
  set(TARGET ${KIND}_${FOLDER}_${NAME}${SUFFIX})
  set(TEST ${FOLDER}/${NAME}${SUFFIX})
  add_executable(${TARGET} ${FILE})
  if(KIND STREQUAL "test")
    target_sources(${TARGET} PRIVATE ${TEST_SUPPORT})
    target_link_libraries(${TARGET} PRIVATE ${CMOCKA_LIBRARY})
  else()
    set(TEST ${TEST}_plain)
    add_dependencies(test_plain ${TARGET})
  endif()
  target_link_libraries(${TARGET} PRIVATE ${LIBRARY})
  target_include_directories(${TARGET} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(${TARGET} PRIVATE _GNU_SOURCE=1 RONDO_SOURCE_DIR="${CMAKE_SOURCE_DIR}" ${RONDO_DEFINITIONS})
  set_target_properties(${TARGET} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  if(RONDO_HAVE_SENTENCEPIECE)
    set_target_properties(${TARGET} PROPERTIES LINKER_LANGUAGE CXX)
  endif()
  add_test(NAME ${TEST} COMMAND ${TARGET} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
  set_tests_properties(${TEST} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
  if(RONDO_SANITIZE)
    set_tests_properties(${TEST} PROPERTIES ENVIRONMENT
      "ASAN_OPTIONS=allocator_may_return_null=1;UBSAN_OPTIONS=print_stacktrace=1;TSAN_OPTIONS=halt_on_error=1")
  endif()
  if(NAME MATCHES "threads" OR FOLDER STREQUAL "laws")
    set_tests_properties(${TEST} PROPERTIES LABELS threads)
    add_dependencies(test_threads ${TARGET})
  endif()
endfunction()

foreach(FILE ${PLAIN_FILES})
  rondo_test_program(${FILE} plain "" rondo_static)
endforeach()
if(CMOCKA_LIBRARY AND NOT CMAKE_CROSSCOMPILING)
  foreach(FILE ${TEST_FILES})
    if(FILE MATCHES "_f64\\.c$")
      rondo_test_program(${FILE} test "" rondo_double)
    elseif(FILE MATCHES "_both\\.c$")
      rondo_test_program(${FILE} test _f32 rondo_static)
      rondo_test_program(${FILE} test _f64 rondo_double)
    else()
      rondo_test_program(${FILE} test "" rondo_static)
    endif()
  endforeach()
endif()

if(NOT RONDO_SANITIZE AND NOT CMAKE_CROSSCOMPILING)
  include(cmake/cli_tests.cmake)
endif()

# The laws of the house, checked on the sources. Once is enough: not in the sanitizer and cross builds.
if(NOT RONDO_SANITIZE AND NOT CMAKE_CROSSCOMPILING)
  add_test(NAME style/layers COMMAND ${CMAKE_SOURCE_DIR}/scripts/check-layers)
  add_test(NAME style/format COMMAND ${CMAKE_SOURCE_DIR}/scripts/check-format)
  add_test(NAME style/headers COMMAND ${CMAKE_SOURCE_DIR}/scripts/check-headers ${CMAKE_C_COMPILER})
  set_tests_properties(style/layers style/format style/headers PROPERTIES TIMEOUT 120 SKIP_RETURN_CODE 77)
endif()

# The other builds of `make test`, each as one test here.
if(RONDO_VARIANTS)
  foreach(VARIANT sanitize/address sanitize/thread neon/qemu)
    add_test(NAME ${VARIANT} COMMAND ${CMAKE_SOURCE_DIR}/scripts/check-variant run ${VARIANT})
    set_tests_properties(${VARIANT} PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77)
  endforeach()
endif()
