// fork_test.cpp: a host that forks by itself, as multiprocessing does: parent and child do not disturb each other's memory.
// Workers of a pool are in tests/crash.
#include <slicepool/memory/volume.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "support/catch.hpp"

using namespace slicepool;

namespace {

constexpr Shape kShape{12, 32, 32};

Volume<float> filled(float value) {
    auto volume = Volume<float>::create(kShape);
    for (std::int64_t z = 0; z < kShape.depth; ++z) volume.slice(0, z).setConstant(value);
    return volume;
}

bool holds(const Volume<float>& volume, float value) {
    for (std::int64_t z = 0; z < kShape.depth; ++z)
        if (!(volume.slice(0, z) == value).all()) return false;
    return true;
}

/// Forks; whether `body` was true in the child.
template <class Body>
bool true_in_a_fork(Body&& body) {
    const pid_t child = fork();
    if (child == 0) _exit(body() ? 0 : 1);
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("a fork of the host that drops a volume and makes another leaves the host's as it was", "[memory][fork]") {
    std::optional<Volume<float>> volume = filled(5);
    CHECK(true_in_a_fork([&] {
        volume.reset();
        return holds(filled(77), 77);
    }));
    CHECK(holds(*volume, 5));
}

TEST_CASE("a fork of the host that gives memory back gives back none of the host's", "[memory][fork]") {
    std::optional<Volume<float>> volume = filled(5);
    CHECK(true_in_a_fork([&] {
        volume.reset();
        release_unused_memory();
        return true;
    }));
    CHECK(holds(*volume, 5));
}

TEST_CASE("volumes that a host and its fork make side by side do not share memory", "[memory][fork]") {
    std::array<int, 2> to_child{};
    std::array<int, 2> to_host{};
    REQUIRE(pipe(to_child.data()) == 0);
    REQUIRE(pipe(to_host.data()) == 0);
    static_cast<void>(filled(1));  // there is an arena to inherit, and a freed block in it
    char token = 0;
    const pid_t child = fork();
    if (child == 0) {
        const Volume<float> mine = filled(77);
        const bool heard = write(to_host[1], &token, 1) == 1 && read(to_child[0], &token, 1) == 1;
        _exit(heard && holds(mine, 77) ? 0 : 1);
    }
    REQUIRE(read(to_host[0], &token, 1) == 1);
    const Volume<float> volume = filled(5);
    REQUIRE(write(to_child[1], &token, 1) == 1);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(holds(volume, 5));
    for (const int end : {to_child[0], to_child[1], to_host[0], to_host[1]}) close(end);
}

TEST_CASE("a fork of the host may read and write the volumes it inherited, and the host sees it", "[memory][fork]") {
    const Volume<float> volume = filled(5);
    CHECK(true_in_a_fork([&] {
        volume.slice(0, 3).setConstant(6);
        return true;
    }));
    CHECK((volume.slice(0, 3) == 6.0F).all());
}
