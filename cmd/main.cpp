#include <cstdio>
int main() { std::puts("spdmctl"); return 0; }
