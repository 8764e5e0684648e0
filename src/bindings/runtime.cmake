# _runtime: compiled functions and the MIR interpreter; no LLVM, no nanobind (the function type is raw C API).
python_add_library(_runtime MODULE WITH_SOABI runtime.cc)
target_link_libraries(_runtime PRIVATE hasten_runtime)
hasten_seal(_runtime)
install(TARGETS _runtime LIBRARY DESTINATION hasten)
