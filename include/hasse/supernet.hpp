// Methods in which candidates share training: one network at every width (slices of channels), one network of all candidates (gates),
// one network of all operations at every width (masks).
// Includes every public header of the stage.
#pragma once

#include <hasse/supernet/controller.hpp>
#include <hasse/supernet/derive.hpp>
#include <hasse/supernet/fixed_batch.hpp>
#include <hasse/supernet/gated.hpp>
#include <hasse/supernet/gated_costs.hpp>
#include <hasse/supernet/gated_network.hpp>
#include <hasse/supernet/gated_recipe.hpp>
#include <hasse/supernet/gated_search.hpp>
#include <hasse/supernet/gates.hpp>
#include <hasse/supernet/gathered_parameters.hpp>
#include <hasse/supernet/greedy_slimming.hpp>
#include <hasse/supernet/latency_loss.hpp>
#include <hasse/supernet/latency_reward.hpp>
#include <hasse/supernet/masked_costs.hpp>
#include <hasse/supernet/masked_derive.hpp>
#include <hasse/supernet/masked_layers.hpp>
#include <hasse/supernet/masked_network.hpp>
#include <hasse/supernet/masked_recipe.hpp>
#include <hasse/supernet/masked_search.hpp>
#include <hasse/supernet/masked_space.hpp>
#include <hasse/supernet/mbconv_space.hpp>
#include <hasse/supernet/mobiledet_space.hpp>
#include <hasse/supernet/parts_in_training.hpp>
#include <hasse/supernet/proxyless_space.hpp>
#include <hasse/supernet/quality.hpp>
#include <hasse/supernet/slices.hpp>
#include <hasse/supernet/slimmable.hpp>
#include <hasse/supernet/slimmable_model.hpp>
#include <hasse/supernet/slimmable_trainer.hpp>
#include <hasse/supernet/width_rules.hpp>
