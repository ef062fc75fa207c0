// environment_variable.hpp: an environment variable for the time of a test. Not for tests with threads of their own.
#pragma once

#include <cstdlib>
#include <string>

#include "support/catch.hpp"

namespace slicepool::test {

class EnvironmentVariable {
public:
    EnvironmentVariable(const std::string& name, const std::string& value) : name_(name) {
        REQUIRE(::setenv(name.c_str(), value.c_str(), 1) == 0);
    }
    ~EnvironmentVariable() { ::unsetenv(name_.c_str()); }
    EnvironmentVariable(const EnvironmentVariable&) = delete;
    EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;

private:
    std::string name_;
};

}  // namespace slicepool::test
