// Training: the loop, its optimiser and schedules, the trainer of one network, and what trains the candidates of a search.
// Includes every public header of the stage.
#pragma once

#include <hasse/train/candidate_trainer.hpp>
#include <hasse/train/checkpoint.hpp>
#include <hasse/train/descent.hpp>
#include <hasse/train/evaluate.hpp>
#include <hasse/train/recipe.hpp>
#include <hasse/train/rmsprop.hpp>
#include <hasse/train/schedule.hpp>
#include <hasse/train/sgd.hpp>
#include <hasse/train/trainee.hpp>
#include <hasse/train/trainer.hpp>
#include <hasse/train/training_data.hpp>
#include <hasse/train/training_loop.hpp>
#include <hasse/train/weight_average.hpp>
