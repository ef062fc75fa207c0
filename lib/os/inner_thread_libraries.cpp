#include "os/inner_thread_libraries.hpp"

#include "os/child.hpp"

#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

namespace slicepool::os {
namespace {

/// Parts of the file names: libgomp.so.1, libomp.so.5, libiomp5.so, libscipy_openblas64_-1a2b3c.so, libmkl_rt.so.2 ...
/// Others that match are asked for symbols they do not have.
constexpr std::array<std::string_view, 5> kNames{"omp", "blas", "blis", "mkl", "tbb"};

/// Files loaded under such a name. Symbols of those opened with RTLD_LOCAL, as Python does, are found no other way.
std::vector<std::string> loaded_files() {
    std::vector<std::string> files;
    ::dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* found) {
            const std::string_view path = info->dlpi_name;
            const std::string_view name = path.substr(path.rfind('/') + 1);
            if (std::ranges::any_of(kNames, [name](auto part) { return name.find(part) != name.npos; }))
                static_cast<std::vector<std::string>*>(found)->emplace_back(path);
            return 0;
        },
        &files);
    return files;
}

/// Sets `function` to what the scope of `handle` calls `name`; false when there is no such thing.
template <class Pointer>
bool look_up(void* handle, const std::string& name, Pointer& function) {
    function = reinterpret_cast<Pointer>(::dlsym(handle, name.c_str()));
    return function != nullptr;
}

/// A library is found through all that depend on it, too.
template <class Library, class Pointer>
void add(std::vector<Library>& libraries, const Library& library, Pointer Library::*identity) {
    if (std::ranges::find(libraries, library.*identity, identity) == libraries.end()) libraries.push_back(library);
}

/// Each such process registers itself, in a file or (older ones) a variable named by its number.
bool llvm_openmp_has_started() {
    const std::string name = fmt::format("__KMP_REGISTERED_LIB_{}", process_id());
    const std::string file = fmt::format("{}_{}", name, ::getuid());
    return std::getenv(name.c_str()) != nullptr || ::access(("/dev/shm/" + file).c_str(), F_OK) == 0 ||
           ::access(("/tmp/" + file).c_str(), F_OK) == 0;
}

void add_openmp(std::vector<OpenMpLibrary>& found, void* handle) {
    OpenMpLibrary library;
    if (!look_up(handle, "omp_set_num_threads", library.set_threads)) return;
    if (!look_up(handle, "omp_get_max_threads", library.threads)) return;
    library.of_llvm = ::dlsym(handle, "__kmpc_fork_call") != nullptr;
    library.llvm_has_started = library.of_llvm && llvm_openmp_has_started();
    add(found, library, &OpenMpLibrary::set_threads);
}

void add_openblas(std::vector<OpenBlasLibrary>& found, void* handle) {
    // As distributions name it, with 64-bit integers, and as the wheels of numpy and scipy rename it.
    for (const char* prefix : {"", "scipy_"}) {
        for (const char* suffix : {"", "64_"}) {
            const auto called = [=](const char* name) { return fmt::format("{}{}{}", prefix, name, suffix); };
            OpenBlasLibrary library;
            int (*kind_of_threads)() = nullptr;
            if (!look_up(handle, called("openblas_set_num_threads"), library.set_threads)) continue;
            if (!look_up(handle, called("openblas_get_num_threads"), library.threads)) continue;
            if (!look_up(handle, called("openblas_get_parallel"), kind_of_threads)) continue;
            constexpr int kPosixThreads = 1;
            if (kind_of_threads() != kPosixThreads) continue;  // a constant of the build
            look_up(handle, called("blas_cpu_number"), library.used_threads);
            look_up(handle, called("blas_num_threads"), library.pool_threads);
            look_up(handle, called("blas_server_avail"), library.pool_is_started);
            add(found, library, &OpenBlasLibrary::set_threads);
        }
    }
}

void add_mkl(std::vector<MklLibrary>& found, void* handle) {
    // Written like this the functions take their argument by value; mkl_set_num_threads_local is Fortran's, by address.
    MklLibrary library;
    if (look_up(handle, "MKL_Set_Num_Threads_Local", library.set_threads_of_caller) &&
        look_up(handle, "MKL_Set_Num_Threads", library.set_threads) &&
        look_up(handle, "MKL_Get_Max_Threads", library.threads))
        add(found, library, &MklLibrary::set_threads);
}

void add_blis(std::vector<BlisLibrary>& found, void* handle) {
    BlisLibrary library;
    if (!look_up(handle, "bli_thread_set_num_threads", library.set_threads)) return;
    if (!look_up(handle, "bli_thread_get_num_threads", library.threads)) return;
    library.per_thread = ::dlsym(handle, "bli_global_rntm") != nullptr;  // came with the thread-local settings
    add(found, library, &BlisLibrary::set_threads);
}

void add_tbb(std::vector<TbbLibrary>& found, void* handle) {
    TbbLibrary library;
    if (look_up(handle, "_ZN3tbb6detail2r16createERNS0_2d114global_controlE", library.create) &&
        look_up(handle, "_ZN3tbb6detail2r17destroyERNS0_2d114global_controlE", library.destroy))
        add(found, library, &TbbLibrary::create);
}

}  // namespace

InnerThreadLibraries InnerThreadLibraries::now() {
    InnerThreadLibraries found;
    const auto search = [&](void* handle) {
        add_openmp(found.openmp, handle);
        add_openblas(found.openblas, handle);
        add_mkl(found.mkl, handle);
        add_blis(found.blis, handle);
        add_tbb(found.tbb, handle);
    };
    search(RTLD_DEFAULT);  // also those linked statically into the program
    for (const std::string& file : loaded_files()) {
        void* const handle = ::dlopen(file.c_str(), RTLD_LAZY | RTLD_NOLOAD);
        if (handle == nullptr) continue;  // gone meanwhile
        found.handles_.emplace_back(handle, [](void* opened) { ::dlclose(opened); });
        search(handle);
    }
    ::dlerror();  // what was not found is no error for the host to find
    return found;
}

}  // namespace slicepool::os
