// A library to be loaded before a program's own: SIGURG, which otherwise is ignored, then interrupts its system calls.
#include <signal.h>

namespace {

__attribute__((constructor)) void be_interrupted() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGURG, &action, nullptr);  // without SA_RESTART
}

}  // namespace
