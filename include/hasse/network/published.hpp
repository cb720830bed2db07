// Networks that others published, as types. Each family has its header, so that a program which needs one compiles one.
// Used by hasse_info, by tests against their published counts, and as examples of networks written down by hand.
#pragma once

#include <hasse/network/published/df.hpp>
#include <hasse/network/published/df_seg.hpp>
#include <hasse/network/published/efficientnet.hpp>
#include <hasse/network/published/mobiledet.hpp>
#include <hasse/network/published/mobilenet.hpp>
#include <hasse/network/published/proxyless.hpp>
#include <hasse/network/published/resnet.hpp>
#include <hasse/network/published/super_resolution.hpp>
