# Compiler flags for everything.
add_compile_options(-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla
                    -fvisibility=hidden -fno-math-errno -Wno-missing-field-initializers
                    -ffp-contract=off) # a*b + c is what it says; kernels write fused operations out
if(RONDO_WERROR)
  add_compile_options(-Werror)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(CMAKE_C_FLAGS_RELEASE "-O3") # asserts stay on: they are cheap next to a kernel
endif()
if(RONDO_SANITIZE)
  add_compile_options(-fsanitize=${RONDO_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g)
  add_link_options(-fsanitize=${RONDO_SANITIZE})
endif()
