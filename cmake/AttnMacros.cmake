# Warnings are for our own code; the distribution's headers are SYSTEM.
add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wimplicit-fallthrough)
if(ATTN_WERROR)
  add_compile_options(-Werror)
endif()

# attn_library(NAME SOURCES a.cpp ... [LINK AttnIR ...])
#
# One compilation stage as a static library. LINK names the stages it may include; MLIR and LLVM come
# with them, except for the stages that must not see either (NO_LLVM).
function(attn_library name)
  cmake_parse_arguments(ARG "NO_LLVM" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  if(NOT ARG_NO_LLVM)
    target_link_libraries(${name} PUBLIC MLIR LLVM)
    add_dependencies(${name} AttnIncGen)
  endif()
endfunction()

# attn_tool(NAME SOURCES main.cpp LINK AttnIR ...)
function(attn_tool name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  set_property(GLOBAL APPEND PROPERTY ATTN_TEST_DEPENDS ${name})
endfunction()

# attn_unittest(BandsTests SOURCES BandTest.cpp ... LINK AttnBands)
#
# A GoogleTest executable; lit runs each of its cases as one test.
function(attn_unittest name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gtest GTest::gtest_main)
  set_property(GLOBAL APPEND PROPERTY ATTN_TEST_DEPENDS ${name})
endfunction()
