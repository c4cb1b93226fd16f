# The command: cli/*.c over the public headers only.
file(GLOB RONDO_CLI CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cli/*.c)
if(RONDO_CLI)
  add_executable(rondo ${RONDO_CLI})
  target_link_libraries(rondo PRIVATE rondo_static PkgConfig::JANSSON)
  target_compile_definitions(rondo PRIVATE _GNU_SOURCE=1)
  target_compile_options(rondo PRIVATE -Wconversion)
  if(RONDO_HAVE_SENTENCEPIECE)
    set_target_properties(rondo PROPERTIES LINKER_LANGUAGE CXX)
  endif()
endif()

# Pictures of docs/performance.md (make bench).
add_executable(bench_plot EXCLUDE_FROM_ALL bench/plot.c)
target_link_libraries(bench_plot PRIVATE rondo_static)
if(RONDO_HAVE_SENTENCEPIECE)
  set_target_properties(bench_plot PROPERTIES LINKER_LANGUAGE CXX)
endif()

# What experiments/run needs beside the command: pictures, and the networks that drive something.
foreach(NAME plot control)
  add_executable(experiments_${NAME} experiments/${NAME}.c)
  set_target_properties(experiments_${NAME} PROPERTIES EXCLUDE_FROM_ALL $<NOT:$<BOOL:${RONDO_TESTS}>>)
  target_link_libraries(experiments_${NAME} PRIVATE rondo_static)
  target_compile_definitions(experiments_${NAME} PRIVATE _GNU_SOURCE=1)
  if(RONDO_HAVE_SENTENCEPIECE)
    set_target_properties(experiments_${NAME} PROPERTIES LINKER_LANGUAGE CXX)
  endif()
endforeach()
