# Cross build for WebAssembly with Emscripten, run by Node:
#   cmake --preset wasm && cmake --build build-wasm
find_program(EMCC emcc)
if(NOT EMCC)
  message(FATAL_ERROR "emcc is not on the path (apt-get install emscripten, or source emsdk_env.sh)")
endif()
find_path(EMSCRIPTEN_MODULES Platform/Emscripten.cmake HINTS $ENV{EMSDK}/upstream/emscripten/cmake/Modules
  /usr/share/emscripten/cmake/Modules NO_CMAKE_FIND_ROOT_PATH)
include(${EMSCRIPTEN_MODULES}/Platform/Emscripten.cmake)
# programs read the machine's files, hold their code themselves (new Nodes do not fetch it), and may grow
set(CMAKE_EXE_LINKER_FLAGS_INIT "-sNODERAWFS=1 -sSINGLE_FILE=1 -sALLOW_MEMORY_GROWTH=1 -sEXIT_RUNTIME=1")
if(EXISTS /usr/share/nodejs/acorn) # Debian's, which another Node than Debian's does not look for
  set_property(GLOBAL PROPERTY RULE_LAUNCH_LINK "env NODE_PATH=/usr/share/nodejs")
endif()
