# Cross build for WebAssembly with Emscripten, run by Node:
#   cmake --preset wasm && cmake --build build-wasm
find_program(EMCC emcc)
if(NOT EMCC)
  message(FATAL_ERROR "emcc is not on the path (apt-get install emscripten, or source emsdk_env.sh)")
endif()
find_path(EMSCRIPTEN_MODULES Platform/Emscripten.cmake HINTS $ENV{EMSDK}/upstream/emscripten/cmake/Modules
  /usr/share/emscripten/cmake/Modules NO_CMAKE_FIND_ROOT_PATH)
include(${EMSCRIPTEN_MODULES}/Platform/Emscripten.cmake)
