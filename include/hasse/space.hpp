// Search spaces, architectures, their cost and their order. Light: no file, kernel or run-time container comes with it.
#pragma once

// First, so that a compiler's sentence is not behind the list of headers that led to it.
#include <hasse/space/layer_builder.hpp>
#include <hasse/space/refusal.hpp>
#include <hasse/space/search_space.hpp>

#include <hasse/space/architecture.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/space/gated_space.hpp>
#include <hasse/space/layer.hpp>
#include <hasse/space/mobile.hpp>
#include <hasse/space/order.hpp>
#include <hasse/space/parts.hpp>
#include <hasse/space/segmentation_layers.hpp>
#include <hasse/space/spec.hpp>
#include <hasse/space/spaces.hpp>
