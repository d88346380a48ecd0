# The CUDA library, w2s_cuda.so: everything in native/cuda. The main addon opens it when a CUDA device is used, so
# the addon itself loads on a machine that has no GPU and no driver.
# W2S_CUDA=OFF leaves it out; W2S_CUDA=ON makes its absence an error; W2S_CUDA_ARCHITECTURES overrides the GPU found.

set(W2S_CUDA AUTO CACHE STRING "Build the CUDA library: AUTO, ON or OFF")
file(GLOB_RECURSE W2S_CUDA_SOURCES CONFIGURE_DEPENDS
  "${CMAKE_CURRENT_SOURCE_DIR}/native/cuda/*.cpp" "${CMAKE_CURRENT_SOURCE_DIR}/native/cuda/*.cu")
# scripts/build-addon.mjs builds the target by its name where this file says that there is one.
file(REMOVE "${CMAKE_BINARY_DIR}/w2s_cuda.enabled")
if(W2S_CUDA STREQUAL OFF OR NOT W2S_CUDA_SOURCES)
  return()
endif()

include(CheckLanguage)
check_language(CUDA)
if(NOT Libtorch_CUDA OR NOT CMAKE_CUDA_COMPILER)
  if(W2S_CUDA STREQUAL ON)
    message(FATAL_ERROR "The CUDA library needs a libtorch with CUDA (found: ${Libtorch_CUDA}) "
                        "and nvcc (found: ${CMAKE_CUDA_COMPILER})")
  endif()
  message(STATUS "CUDA library: left out (libtorch with CUDA: ${Libtorch_CUDA}, nvcc: ${CMAKE_CUDA_COMPILER})")
  return()
endif()

# Without a choice, compile for the GPU that is there; without a GPU, for what is common.
if(W2S_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES ${W2S_CUDA_ARCHITECTURES})
else()
  execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
    OUTPUT_VARIABLE _capabilities OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE _smi)
  if(_smi EQUAL 0 AND _capabilities MATCHES "[0-9]")
    string(REGEX MATCHALL "[0-9]+\\.[0-9]+" _capabilities "${_capabilities}")
    list(REMOVE_DUPLICATES _capabilities)
    string(REPLACE "." "" CMAKE_CUDA_ARCHITECTURES "${_capabilities}")
  else()
    set(CMAKE_CUDA_ARCHITECTURES 80 90)
  endif()
endif()
enable_language(CUDA)
# CMake 3.25 does not know how to ask this nvcc for C++20, the standard of the whole project.
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
endif()

add_library(w2s_cuda MODULE ${W2S_CUDA_SOURCES})
set_target_properties(w2s_cuda PROPERTIES PREFIX "" SUFFIX ".so")
# nvcc's own headers first: a wheel's cuda_runtime.h lacks the crt/ folder that it includes.
target_include_directories(w2s_cuda SYSTEM BEFORE PRIVATE ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES})
target_link_libraries(w2s_cuda PRIVATE w2s_settings Libtorch::cuda ${CMAKE_DL_LIBS})
message(STATUS "CUDA library: for architectures ${CMAKE_CUDA_ARCHITECTURES}")
file(TOUCH "${CMAKE_BINARY_DIR}/w2s_cuda.enabled")
