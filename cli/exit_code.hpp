// exit_code.hpp: what the command's exit status means. Nothing else ends the program with another.
#pragma once

namespace slicepool::cli {

enum ExitCode : int {
    kAllDone = 0,
    kSomeSlicesNotDone = 1,
    kCannotRun = 2,      ///< the request or the machine failed
    kInterrupted = 130,  ///< as shells report a program ended by Ctrl-C
};

}  // namespace slicepool::cli
