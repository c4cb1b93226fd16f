# The page of `rondo inspect --html` (web/report), inside the library as generated/report_page.h. Node and npm make it;
# where they are absent, or the packages cannot be had, the build goes on without it and says so, as the command does.
if(RONDO_CORE_ONLY OR CMAKE_CROSSCOMPILING OR RONDO_SANITIZE)
  set(REPORT_DEFAULT OFF)
else()
  set(REPORT_DEFAULT ON)
endif()
option(RONDO_REPORT "Build the page of rondo inspect --html, where Node and npm are there" ${REPORT_DEFAULT})
set(RONDO_REPORT_PAGE "" CACHE FILEPATH "That page, made by web/report/build.mjs on another machine")

find_program(NODE node)
find_program(NPM npm)
set(REPORT_HEADER ${CMAKE_BINARY_DIR}/generated/report_page.h)
file(GLOB REPORT_PARTS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/report/src/* ${CMAKE_SOURCE_DIR}/web/report/*.mjs
     ${CMAKE_SOURCE_DIR}/web/report/*.json)

# What could not be had is tried again whenever CMake runs.
if(EXISTS ${REPORT_HEADER})
  file(STRINGS ${REPORT_HEADER} ABSENT REGEX "RONDO__REPORT_ABSENT" LIMIT_COUNT 1)
  if(ABSENT)
    file(REMOVE ${REPORT_HEADER})
  endif()
endif()
add_custom_command(OUTPUT ${REPORT_HEADER}
  COMMAND ${CMAKE_COMMAND} -DREPORT=${RONDO_REPORT} -DGIVEN=${RONDO_REPORT_PAGE} -DNODE=${NODE} -DNPM=${NPM}
          -DSOURCE=${CMAKE_SOURCE_DIR}/web/report -DROOM=${CMAKE_BINARY_DIR}/report -DHEADER=${REPORT_HEADER}
          -P ${CMAKE_SOURCE_DIR}/cmake/report_page.cmake
  DEPENDS ${REPORT_PARTS} ${CMAKE_SOURCE_DIR}/cmake/report_page.cmake ${RONDO_REPORT_PAGE}
  COMMENT "The page of rondo inspect --html" VERBATIM)
list(APPEND RONDO_SOURCES ${REPORT_HEADER})
