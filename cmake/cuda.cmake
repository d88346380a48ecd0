# The CUDA library, w2s_cuda.so: everything in native/cuda. The main addon opens it when a CUDA device is used, so
# the addon itself loads on a machine that has no GPU and no driver.
# W2S_CUDA=OFF leaves it out; W2S_CUDA=ON makes its absence an error. W2S_CUDA_ARCHITECTURES says what it is compiled
# for: "all" for every GPU below, a list such as "80;90"; by default for the GPUs that are there, without one for all.

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

# Machine code for every GPU of A100's generation and newer that this nvcc knows, and PTX of the newest of them, which
# a driver compiles for whatever comes later.
execute_process(COMMAND "${CMAKE_CUDA_COMPILER}" --list-gpu-arch OUTPUT_VARIABLE _known ERROR_QUIET)
string(REGEX MATCHALL "compute_[0-9]+" _known "${_known}")
list(TRANSFORM _known REPLACE "compute_" "")
set(_all)
foreach(_architecture 80 86 89 90 100 120)
  if(_architecture IN_LIST _known)
    list(APPEND _all "${_architecture}-real")
    set(_newest "${_architecture}")
  endif()
endforeach()
if(_all)
  list(APPEND _all "${_newest}-virtual")
else()
  set(_all 80)  # an nvcc that does not say what it knows
endif()

set(CMAKE_CUDA_ARCHITECTURES ${_all})
if(W2S_CUDA_ARCHITECTURES AND NOT W2S_CUDA_ARCHITECTURES STREQUAL "all")
  set(CMAKE_CUDA_ARCHITECTURES ${W2S_CUDA_ARCHITECTURES})
elseif(NOT W2S_CUDA_ARCHITECTURES)
  execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
    OUTPUT_VARIABLE _there ERROR_QUIET RESULT_VARIABLE _smi)
  string(REGEX MATCHALL "[0-9]+\\.[0-9]+" _there "${_there}")
  list(TRANSFORM _there REPLACE "\\." "")
  list(REMOVE_DUPLICATES _there)
  set(_unknown ${_there})
  list(REMOVE_ITEM _unknown ${_known} "")
  # A GPU that is newer than nvcc gets the PTX.
  if(_smi EQUAL 0 AND _there AND NOT _unknown)
    list(TRANSFORM _there APPEND "-real" OUTPUT_VARIABLE CMAKE_CUDA_ARCHITECTURES)
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
# libtorch_cuda registers ATen's kernels when it is loaded. Nothing here calls it by name, so that a linker which drops
# what no symbol asks for, as many compilers have it do, would leave it out.
target_link_options(w2s_cuda PRIVATE LINKER:--no-as-needed)
target_link_libraries(w2s_cuda PRIVATE w2s_settings Libtorch::cuda ${CMAKE_DL_LIBS})
message(STATUS "CUDA library: for architectures ${CMAKE_CUDA_ARCHITECTURES}")
file(TOUCH "${CMAKE_BINARY_DIR}/w2s_cuda.enabled")
