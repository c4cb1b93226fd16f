# librondo, static and shared, and the same sources with double numbers for the tests (scalar code only).
file(GLOB_RECURSE RONDO_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/*.c)
if(RONDO_HAVE_SENTENCEPIECE)
  file(GLOB RONDO_SHIMS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/data/*.cc)
  list(APPEND RONDO_SOURCES ${RONDO_SHIMS})
  # the one C++ file; C-only warnings do not apply to it
endif()

if(NOT RONDO_HAVE_CAIRO) # plot.c then says so
  list(FILTER RONDO_SOURCES EXCLUDE REGEX "/src/plot/(canvas|fonts|lettering|shapes|svg_names|frame|curves|lines|bands|bars|heatmap)\\.c$")
endif()

# the run time of exported C files (src/exchange/c), as text inside the library
include(cmake/embed.cmake)
file(GLOB C_PARTS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/exchange/c/*.inc)
rondo_embed(${CMAKE_BINARY_DIR}/generated/c_parts.h part ${C_PARTS})

include(cmake/report.cmake)

if(RONDO_HAVE_PROTOBUF_C)
  set(GENERATED ${CMAKE_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${GENERATED})
  add_custom_command(OUTPUT ${GENERATED}/onnx.pb-c.c ${GENERATED}/onnx.pb-c.h
    COMMAND ${PROTOC_C} --proto_path=${CMAKE_SOURCE_DIR}/src/formats --c_out=${GENERATED} onnx.proto
    DEPENDS ${CMAKE_SOURCE_DIR}/src/formats/onnx.proto)
  list(APPEND RONDO_SOURCES ${GENERATED}/onnx.pb-c.c)
  set_source_files_properties(${GENERATED}/onnx.pb-c.c PROPERTIES COMPILE_OPTIONS "-w")
endif()

set(KERNELS ${CMAKE_SOURCE_DIR}/src/kernels)
set_source_files_properties(${KERNELS}/avx2.c PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma;-mf16c")
set_source_files_properties(${KERNELS}/avx512.c PROPERTIES COMPILE_OPTIONS
  "-mavx512f;-mavx512bw;-mavx512vl;-mavx512dq;-mavx2;-mfma;-mprefer-vector-width=512")
set_source_files_properties(${KERNELS}/avx512_dot.c PROPERTIES COMPILE_OPTIONS
  "-mavx512bf16;-mavx512vnni;-mavx512f;-mavx512bw;-mavx512vl;-mavx512dq;-mavx2;-mfma;-mprefer-vector-width=512")
set(VECTOR_FILES ${KERNELS}/avx2.c ${KERNELS}/avx512.c ${KERNELS}/avx512_dot.c ${KERNELS}/neon.c ${KERNELS}/wasm.c)
if(EMSCRIPTEN AND RONDO_WASM_SIMD)
  set(RONDO_ARCH RONDO_WASM=1)
  set_source_files_properties(${KERNELS}/wasm.c PROPERTIES COMPILE_OPTIONS "-msimd128")
  list(REMOVE_ITEM RONDO_SOURCES ${KERNELS}/avx2.c ${KERNELS}/avx512.c ${KERNELS}/avx512_dot.c ${KERNELS}/neon.c)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  list(REMOVE_ITEM RONDO_SOURCES ${KERNELS}/neon.c ${KERNELS}/wasm.c)
  set(RONDO_ARCH RONDO_X86=1)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  list(REMOVE_ITEM RONDO_SOURCES ${KERNELS}/avx2.c ${KERNELS}/avx512.c ${KERNELS}/avx512_dot.c ${KERNELS}/wasm.c)
  set(RONDO_ARCH RONDO_NEON=1)
  # GCC 12 for ARM stops with an internal error when it vectorises this file; speed does not matter in it
  set_source_files_properties(${CMAKE_SOURCE_DIR}/src/autograd/gradient_check.c PROPERTIES
    COMPILE_OPTIONS "-fno-tree-vectorize")
else()
  list(REMOVE_ITEM RONDO_SOURCES ${VECTOR_FILES})
  set(RONDO_ARCH "")
endif()

function(rondo_configure TARGET)
  target_include_directories(${TARGET} PUBLIC ${CMAKE_SOURCE_DIR}/include PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated ${RONDO_STANDINS})
  target_compile_definitions(${TARGET} PRIVATE _GNU_SOURCE=1 RONDO_VERSION="${PROJECT_VERSION}" ${RONDO_DEFINITIONS})
  target_compile_options(${TARGET} PRIVATE $<$<COMPILE_LANGUAGE:C>:-Wconversion>)
  target_link_libraries(${TARGET} PUBLIC ${RONDO_LIBRARIES})
endfunction()

add_library(rondo_objects OBJECT ${RONDO_SOURCES})
rondo_configure(rondo_objects)
target_compile_definitions(rondo_objects PRIVATE ${RONDO_ARCH})
add_library(rondo_static STATIC $<TARGET_OBJECTS:rondo_objects>)
set(RONDO_TARGETS rondo_static)
if(RONDO_SHARED)
  add_library(rondo_shared SHARED $<TARGET_OBJECTS:rondo_objects>)
  list(APPEND RONDO_TARGETS rondo_shared)
endif()
foreach(TARGET ${RONDO_TARGETS})
  rondo_configure(${TARGET})
  set_target_properties(${TARGET} PROPERTIES OUTPUT_NAME rondo LINKER_LANGUAGE C)
  if(RONDO_HAVE_SENTENCEPIECE)
    set_target_properties(${TARGET} PROPERTIES LINKER_LANGUAGE CXX)
  endif()
endforeach()

if(RONDO_TESTS)
  set(DOUBLE_SOURCES ${RONDO_SOURCES})
  list(REMOVE_ITEM DOUBLE_SOURCES ${VECTOR_FILES})
  add_library(rondo_double STATIC EXCLUDE_FROM_ALL ${DOUBLE_SOURCES}) # built where a test needs it
  rondo_configure(rondo_double)
  target_compile_definitions(rondo_double PUBLIC RONDO_DOUBLE=1)
endif()
