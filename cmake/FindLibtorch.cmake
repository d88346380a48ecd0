# Finds libtorch in W2S_LIBTORCH: a folder with `lib` and `include`, such as a Python wheel's `torch` folder or an
# unpacked libtorch archive. `find_package(Torch)` is not used: on a CUDA build it wants a whole CUDA toolkit,
# while the main addon needs nothing of it.
#
# Sets  Libtorch_FOUND, Libtorch_VERSION, Libtorch_INCLUDE_DIRS, Libtorch_CXX11_ABI (0 or 1),
#       Libtorch_CUDA (ON when this libtorch was built for CUDA), Libtorch_CUDA_INCLUDE_DIRS
# Adds  Libtorch::cpu (torch_cpu and c10) and, with CUDA, Libtorch::cuda (torch_cuda and c10_cuda).

if(NOT W2S_LIBTORCH)
  set(W2S_LIBTORCH "$ENV{W2S_LIBTORCH}")
endif()

# Looked for anew each time: the cache would keep an earlier libtorch when W2S_LIBTORCH names another.
foreach(_entry Libtorch_CPU_LIBRARY Libtorch_C10_LIBRARY Libtorch_INCLUDE_DIR Libtorch_TORCH_CUDA_LIBRARY
               Libtorch_C10_CUDA_LIBRARY)
  unset(${_entry} CACHE)
endforeach()

find_library(Libtorch_CPU_LIBRARY torch_cpu PATHS "${W2S_LIBTORCH}/lib" NO_DEFAULT_PATH)
find_library(Libtorch_C10_LIBRARY c10 PATHS "${W2S_LIBTORCH}/lib" NO_DEFAULT_PATH)
find_path(Libtorch_INCLUDE_DIR ATen/core/Tensor.h PATHS "${W2S_LIBTORCH}/include" NO_DEFAULT_PATH)

# The version is a header's macro up to the patch number; `version.py` would add `+cpu`.
foreach(_header torch/headeronly/version.h torch/csrc/api/include/torch/version.h)
  if(NOT Libtorch_VERSION AND EXISTS "${Libtorch_INCLUDE_DIR}/${_header}")
    file(STRINGS "${Libtorch_INCLUDE_DIR}/${_header}" _lines REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) +[0-9]+")
    if(_lines)
      string(REGEX REPLACE "#define TORCH_VERSION_[A-Z]+ +" "" _numbers "${_lines}")
      string(REPLACE ";" "." Libtorch_VERSION "${_numbers}")
    endif()
  endif()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libtorch
  REQUIRED_VARS Libtorch_CPU_LIBRARY Libtorch_C10_LIBRARY Libtorch_INCLUDE_DIR Libtorch_VERSION
  VERSION_VAR Libtorch_VERSION)
if(NOT Libtorch_FOUND)
  return()
endif()

set(Libtorch_INCLUDE_DIRS "${Libtorch_INCLUDE_DIR}" "${Libtorch_INCLUDE_DIR}/torch/csrc/api/include")

# Names with `__cxx11` in c10 tell that libtorch was compiled with the new string ABI.
file(STRINGS "${Libtorch_C10_LIBRARY}" _cxx11 REGEX "__cxx11" LIMIT_COUNT 1)
if(_cxx11)
  set(Libtorch_CXX11_ABI 1)
else()
  set(Libtorch_CXX11_ABI 0)
endif()

add_library(Libtorch::cpu INTERFACE IMPORTED)
target_include_directories(Libtorch::cpu INTERFACE ${Libtorch_INCLUDE_DIRS})
target_compile_definitions(Libtorch::cpu INTERFACE _GLIBCXX_USE_CXX11_ABI=${Libtorch_CXX11_ABI})
target_link_libraries(Libtorch::cpu INTERFACE "${Libtorch_CPU_LIBRARY}" "${Libtorch_C10_LIBRARY}")

find_library(Libtorch_TORCH_CUDA_LIBRARY torch_cuda PATHS "${W2S_LIBTORCH}/lib" NO_DEFAULT_PATH)
find_library(Libtorch_C10_CUDA_LIBRARY c10_cuda PATHS "${W2S_LIBTORCH}/lib" NO_DEFAULT_PATH)
if(Libtorch_TORCH_CUDA_LIBRARY AND Libtorch_C10_CUDA_LIBRARY)
  set(Libtorch_CUDA ON)
  # A wheel's CUDA headers lie beside torch: nvidia/cu13/include, before CUDA 13 nvidia/<part>/include.
  file(GLOB Libtorch_CUDA_INCLUDE_DIRS "${W2S_LIBTORCH}/../nvidia/cu*/include" "${W2S_LIBTORCH}/../nvidia/*/include")
  list(REMOVE_DUPLICATES Libtorch_CUDA_INCLUDE_DIRS)
  add_library(Libtorch::cuda INTERFACE IMPORTED)
  target_include_directories(Libtorch::cuda INTERFACE ${Libtorch_CUDA_INCLUDE_DIRS})
  target_link_libraries(Libtorch::cuda INTERFACE
    "${Libtorch_TORCH_CUDA_LIBRARY}" "${Libtorch_C10_CUDA_LIBRARY}" Libtorch::cpu)
else()
  set(Libtorch_CUDA OFF)
endif()
