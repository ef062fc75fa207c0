// A library that loaded_code_test.cpp opens after it looked. It does nothing.
extern "C" int slicepool_late_answer() { return 42; }
