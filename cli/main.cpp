// main.cpp: the command `slicepool`: finds out what is wanted, and turns errors into messages and exit codes.
// What the commands do is in the files named after them.
#include <cerrno>
#include <cstdio>
#include <exception>
#include <functional>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <slicepool/core/error.hpp>

#include "demo_command.hpp"
#include "exit_code.hpp"
#include "filters_command.hpp"
#include "info_command.hpp"
#include "os/interrupt.hpp"
#include "os/terminal.hpp"
#include "parse_error.hpp"
#include "run_command.hpp"

namespace {

using namespace slicepool;

constexpr const char* kExamples = R"(Examples:
  slicepool demo
  slicepool run scan.npy smooth.npy --filter 'gaussian sigma=3,5'
  slicepool run scan.h5:/entry/data out.npy --axis 1 --filter 'fresnel ratio=100' --report run.json
  slicepool info scan.h5
  slicepool filters gaussian

'slicepool COMMAND --help' has the options of a command and more examples.)";

int cannot_run(const std::string& why) {
    fmt::print(stderr, "slicepool: error: {}\n", why);
    return cli::kCannotRun;
}

/// A full disk behind standard output is an error; a reader that has gone away (`| head`) is not.
int flush_output(int exit_code) {
    errno = 0;
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
    if (errno == EPIPE) return exit_code;
    return cannot_run(SystemError("write", "standard output", last_system_error()).what());
}

/// What checks a size has a list of all its units, which is too long for the help beside the plain name of the type.
void show_plain_type_name(const CLI::App& app, const char* command, const char* option) {
    app.get_subcommand(command)->get_option(option)->get_validator(0)->description("");
}

int parse_and_run(int argc, const char* const* argv) {
    CLI::App app("Runs a filter over the slices of a volume, in threads or in worker processes that share its memory.",
                 "slicepool");
    app.set_version_flag("--version", "slicepool " SLICEPOOL_VERSION, "Print the version and exit");
    app.require_subcommand(1);
    app.footer(kExamples);
    std::function<int()> chosen;
    cli::add_run_command(app, {argv, argv + argc}, chosen);
    show_plain_type_name(app, "run", "--max-worker-memory");
    cli::add_info_command(app, chosen);
    cli::add_filters_command(app, chosen);
    cli::add_demo_command(app, chosen);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        return cannot_run(cli::explain(error, app, {argv, static_cast<std::size_t>(argc)}));
    }
    return chosen();
}

}  // namespace

int main(int argc, char** argv) try {
    os::open_missing_standard_streams();
    os::failed_writes_are_errors();
    return flush_output(parse_and_run(argc, argv));
} catch (const slicepool::Error& error) {
    return cannot_run(error.what());
} catch (const std::bad_alloc&) {
    return cannot_run("there is not enough memory");
} catch (const std::exception& error) {
    return cannot_run(error.what());
}
