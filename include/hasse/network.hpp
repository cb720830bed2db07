// Networks: parameters, fusion, memory plans, and what runs and trains them. The published ones are in network/published.hpp.
#pragma once

#include <hasse/network/aligned.hpp>
#include <hasse/network/at_input.hpp>
#include <hasse/network/channel_groups.hpp>
#include <hasse/network/check.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/network/gated_choice.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/model.hpp>
#include <hasse/network/narrowed.hpp>
#include <hasse/network/parameter_tensors.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/network/plan.hpp>
#include <hasse/network/ssdlite.hpp>
#include <hasse/network/ssdlite_chain.hpp>
#include <hasse/network/static_network.hpp>
#include <hasse/network/training.hpp>
