// A network found by hasse, as one static type: shapes, memory plan and kernels are fixed by the compiler.
#pragma once

#include <hasse/network.hpp>
#include <hasse/network/ssdlite_chain.hpp>

using found_detector = hasse::fixed_network<hasse::input<3, 64, 64>, hasse::ssdlite_chain<13>{.layers = {{{hasse::chain_kind::conv, 24, 2, 3, 1, 0, false}, {hasse::chain_kind::tucker, 8, 1, 3, 25, 75, false}, {hasse::chain_kind::inverted, 24, 2, 5, 4, 0, false}, {hasse::chain_kind::fused, 24, 1, 3, 4, 0, true}, {hasse::chain_kind::tucker, 16, 2, 3, 75, 75, false}, {hasse::chain_kind::inverted, 16, 1, 3, 8, 0, true}, {hasse::chain_kind::fused, 24, 2, 3, 8, 0, false}, {hasse::chain_kind::inverted, 24, 1, 3, 4, 0, true}, {hasse::chain_kind::fused, 64, 1, 3, 8, 0, false}, {hasse::chain_kind::tucker, 64, 1, 3, 25, 75, true}, {hasse::chain_kind::fused, 144, 2, 3, 8, 0, false}, {hasse::chain_kind::inverted, 144, 1, 5, 8, 0, true}, {hasse::chain_kind::tucker, 64, 1, 3, 75, 25, false}}}, .maps = {{6, 10, 13, 0, 0, 0, 0, 0}}, .head = {.anchors = {{1, 2, 1, 0, 0, 0, 0, 0}}, .depths = {{512, 256, 256, 128, 0, 0, 0, 0}}, .columns = 4, .norm = hasse::batch_norm_rule{1000, 97}, .pad = hasse::padding::same}, .act = hasse::activation::relu6, .se = {.percent = 0, .inner = hasse::activation::relu6}, .norm = hasse::batch_norm_rule{1000, 90}, .pad = hasse::padding::same}>;
