// Latency: devices, the measuring protocol, tables and their files, whole networks, the order check, tables of others.
// Two headers stand apart: what includes latency/foreign_yaml.hpp links hasse::yaml, what includes latency/on_gpu.hpp hasse::cuda.
#pragma once

#include <hasse/latency/any_device.hpp>
#include <hasse/latency/beat.hpp>
#include <hasse/latency/correction.hpp>
#include <hasse/latency/device.hpp>
#include <hasse/latency/fit.hpp>
#include <hasse/latency/foreign_blocks.hpp>
#include <hasse/latency/foreign_table.hpp>
#include <hasse/latency/help_csv.hpp>
#include <hasse/latency/layer_record.hpp>
#include <hasse/latency/layer_table.hpp>
#include <hasse/latency/monotone_trees.hpp>
#include <hasse/latency/network_timer.hpp>
#include <hasse/latency/order_check.hpp>
#include <hasse/latency/parts.hpp>
#include <hasse/latency/plan_choices.hpp>
#include <hasse/latency/probe.hpp>
#include <hasse/latency/record.hpp>
#include <hasse/latency/row_names.hpp>
#include <hasse/latency/table.hpp>
#include <hasse/latency/together.hpp>
#include <hasse/latency/whole.hpp>
#if defined(HASSE_WITHOUT_ONEDNN) || __has_include(<dnnl.hpp>)
#include <hasse/latency/on_cpu.hpp>
#endif
