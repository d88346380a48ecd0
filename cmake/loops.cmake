# The CPU's loops (native/kernels/cpu/loops), compiled once for each set of vector instructions; which one runs is
# chosen on the machine that runs it. Sets W2S_LOOPS_OBJECTS.

file(GLOB W2S_LOOPS_SOURCES CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/native/kernels/cpu/loops/*.cpp")
set(W2S_LOOPS_OBJECTS "")
set(_flags_baseline "")
set(_flags_avx2 -mavx2 -mfma -mf16c)
set(_flags_avx512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mf16c -mprefer-vector-width=512)

function(w2s_add_loops name)
  add_library(w2s_loops_${name} OBJECT ${W2S_LOOPS_SOURCES})
  target_compile_definitions(w2s_loops_${name} PRIVATE W2S_LOOPS=${name})
  # GCC notes that vectors are passed otherwise without AVX512; none crosses a file.
  target_compile_options(w2s_loops_${name} PRIVATE
    -fno-math-errno -fno-trapping-math -Wno-psabi -Wall -Wextra ${_flags_${name}}
    -ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}=.)
  set(W2S_LOOPS_OBJECTS ${W2S_LOOPS_OBJECTS} $<TARGET_OBJECTS:w2s_loops_${name}> PARENT_SCOPE)
endfunction()

w2s_add_loops(baseline)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  w2s_add_loops(avx2)
  w2s_add_loops(avx512)
endif()
