// The programs as functions, so that a program of your own is ten lines.
#pragma once

#include <hasse/program/boundary.hpp>
#include <hasse/program/command_line.hpp>
#include <hasse/program/devices.hpp>
#include <hasse/program/evaluate.hpp>
#include <hasse/program/evaluator.hpp>
#include <hasse/program/info.hpp>
#include <hasse/program/measure.hpp>
#include <hasse/program/measured_device.hpp>
#include <hasse/program/method_reports.hpp>
#include <hasse/program/on_command.hpp>
#include <hasse/program/proxyless.hpp>
#include <hasse/program/run.hpp>
#include <hasse/program/search.hpp>
#include <hasse/program/search_devices.hpp>
#include <hasse/program/settings.hpp>
#include <hasse/program/slim.hpp>
#include <hasse/program/slim_networks.hpp>
#include <hasse/program/status.hpp>
#include <hasse/program/super_resolution.hpp>
