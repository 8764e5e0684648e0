# _compile: the compiler, the only module that links LLVM. Without LLVM functions stay Python functions.
if(TARGET hasten_compile_native)
  python_add_library(_compile MODULE WITH_SOABI compile.cc)
  target_link_libraries(_compile PRIVATE hasten_compile_native)
  hasten_seal(_compile)
  install(TARGETS _compile LIBRARY DESTINATION hasten)
endif()
