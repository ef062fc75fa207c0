// output_tail.hpp: passes on what child processes write to standard error, and remembers the end of it.
// Whose output it is and what it means is decided elsewhere.
#pragma once

#include "os/file_descriptor.hpp"

#include <string>

namespace slicepool::os {

/// A pipe to the standard error of this process. Made before the children are forked; used by one thread.
class OutputTail {
public:
    /// Throws SystemError.
    OutputTail();

    /// In a child: what it writes to standard error goes through the pipe from now on.
    void become_standard_error() const noexcept;

    /// Readable when something was written; borrowed.
    [[nodiscard]] int fd() const noexcept { return read_end_.get(); }
    /// Writes what has come in to this process's standard error and keeps the last of it. Never waits for a child, and
    /// never raises SIGPIPE.
    void pass_on() noexcept;
    /// The last lines since forget(), at most 2 KB, without a trailing line feed.
    [[nodiscard]] std::string text() const { return tail_.substr(0, tail_.find_last_not_of('\n') + 1); }
    void forget() noexcept { tail_.clear(); }

private:
    FileDescriptor read_end_;
    FileDescriptor write_end_;
    std::string tail_;
};

}  // namespace slicepool::os
