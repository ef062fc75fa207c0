// slicepool.hpp: the whole public face in one include. Namespace slicepool, by custom `namespace sp = slicepool;`.
#pragma once

#include <slicepool/core/current_slice.hpp>
#include <slicepool/core/dtype.hpp>
#include <slicepool/core/error.hpp>
#include <slicepool/core/filter.hpp>
#include <slicepool/core/options.hpp>
#include <slicepool/core/report.hpp>
#include <slicepool/core/shape.hpp>
#include <slicepool/core/slice.hpp>
#include <slicepool/filters/boundary.hpp>
#include <slicepool/filters/chain.hpp>
#include <slicepool/filters/fresnel.hpp>
#include <slicepool/filters/gaussian.hpp>
#include <slicepool/filters/median.hpp>
#include <slicepool/filters/registry.hpp>
#include <slicepool/filters/uniform.hpp>
#include <slicepool/io/info.hpp>
#include <slicepool/io/input.hpp>
#include <slicepool/io/location.hpp>
#include <slicepool/io/output.hpp>
#include <slicepool/memory/volume.hpp>
#include <slicepool/pool/pool.hpp>
#include <slicepool/pool/process_slices.hpp>
#include <slicepool/pool/slice_function.hpp>
