# Finds the distribution's LLVM/MLIR 22.1 and prepares TableGen.
#
# Everything links the two shared libraries, `MLIR` and `LLVM`, and never an MLIR static archive: the
# distribution's archives depend on the LLVM shared library, so mixing them loads LLVM twice.

# LLVMExports.cmake names zstd::libzstd_shared, but the LLVM package does not depend on zstd's headers.
if(NOT TARGET zstd::libzstd_shared)
  find_library(ATTN_ZSTD NAMES zstd libzstd.so.1)
  if(ATTN_ZSTD)
    add_library(zstd::libzstd_shared SHARED IMPORTED)
    set_target_properties(zstd::libzstd_shared PROPERTIES IMPORTED_LOCATION ${ATTN_ZSTD})
  endif()
endif()

find_package(MLIR CONFIG)
if(NOT MLIR_FOUND OR NOT LLVM_PACKAGE_VERSION VERSION_GREATER_EQUAL 22.1)
  message(FATAL_ERROR
    "attn-opt needs LLVM/MLIR 22.1, found '${LLVM_PACKAGE_VERSION}'.\n"
    "On Debian: apt-get install llvm-22-dev libmlir-22-dev mlir-22-tools llvm-22-tools\n"
    "Elsewhere: cmake -DMLIR_DIR=<prefix>/lib/cmake/mlir")
endif()
message(STATUS "LLVM ${LLVM_PACKAGE_VERSION}: ${LLVM_DIR}")

list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# `add_definitions` would take the whole list as one word.
separate_arguments(ATTN_LLVM_DEFINITIONS NATIVE_COMMAND ${LLVM_DEFINITIONS})
add_definitions(${ATTN_LLVM_DEFINITIONS})
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
include_directories(${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include)
