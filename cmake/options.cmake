# Compiler flags for everything. Some warnings exist for C only; one C++ file (the SentencePiece shim) gets the rest.
add_compile_options(-Wall -Wextra -Wshadow -Wpointer-arith -fvisibility=hidden -fno-math-errno
                    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes> -Wvla
                    -Wno-missing-field-initializers
                    -ffp-contract=off) # a*b + c is what it says; kernels write fused operations out
if(CMAKE_SIZEOF_VOID_P EQUAL 4) # sizes of 32 bits are compared with limits of 64
  add_compile_options($<$<C_COMPILER_ID:Clang>:-Wno-tautological-constant-out-of-range-compare>)
endif()
if(RONDO_WERROR)
  add_compile_options(-Werror)
endif()
set(CMAKE_C_FLAGS_RELEASE "-O3") # asserts stay on: they are cheap next to a kernel
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
if(RONDO_SANITIZE)
  # -O1 keeps the tests quick; the stacks stay readable
  add_compile_options(-fsanitize=${RONDO_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g -O1)
  add_link_options(-fsanitize=${RONDO_SANITIZE})
endif()
if(RONDO_COVERAGE)
  add_compile_options(--coverage -O1 -fno-inline -fprofile-update=single)
  add_link_options(--coverage)
endif()
