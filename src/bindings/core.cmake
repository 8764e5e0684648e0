# _core: everything that needs no LLVM. Static nanobind in a domain of our own, so that another
# package's nanobind never meets ours.
nanobind_add_module(_core NB_STATIC NB_DOMAIN hasten module.cc error.cc machine.cc profile.cc report.cc collect.cc fix.cc)
target_link_libraries(_core PRIVATE hasten_machine hasten_profile hasten_collect hasten_fix)
# Its headers are not ours to keep free of warnings.
set_property(TARGET nanobind-static PROPERTY SYSTEM ON)
hasten_seal(_core)
install(TARGETS _core LIBRARY DESTINATION hasten)
