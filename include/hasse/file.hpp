// Formats that several stages write and read: JSON, the journal, safetensors, TensorBoard scalars, protocol buffers.
#pragma once

#include <hasse/file/claims.hpp>
#include <hasse/file/formats.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/file/json.hpp>
#include <hasse/file/json_value.hpp>
#include <hasse/file/lock.hpp>
#include <hasse/file/npy.hpp>
#include <hasse/file/protobuf.hpp>
#include <hasse/file/protobuf_reader.hpp>
#include <hasse/file/recall.hpp>
#include <hasse/file/safetensors.hpp>
#include <hasse/file/sign_of_life.hpp>
#include <hasse/file/tensorboard.hpp>
#include <hasse/file/worker.hpp>
