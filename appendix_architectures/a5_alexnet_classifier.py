"""Appendix A.5: the AlexNet classifier (Listing 35).

Dropout 0.3 is the text's; the original code's class default is 0.5 (erratum E24).
"""

import keras
from keras import layers

from appendix_architectures.parameters import assert_parameters
from appendix_architectures.pooling import MaxPooling2D
from appendix_architectures.unprinted import ALEXNET_DROPOUT_RATE


def alexnet_classifier(dropout_rate: float = ALEXNET_DROPOUT_RATE) -> keras.Model:
    """Listing 35: AlexNet classifier (Appendix A.5).

    Maps (batch, 224, 224, 3) to (batch, 1000).
    """
    image = keras.Input((224, 224, 3), name="model_input")
    x = layers.Conv2D(96, 11, strides=4, padding="same", name="conv2d_1")(image)
    x = layers.BatchNormalization(name="batch_normalization_1")(x)
    x = layers.ReLU(name="re_lu_1")(x)
    x = MaxPooling2D(2, name="max_pooling2d_1")(x)
    x = layers.Conv2D(256, 5, strides=1, padding="same", name="conv2d_2")(x)
    x = layers.BatchNormalization(name="batch_normalization_2")(x)
    x = layers.ReLU(name="re_lu_2")(x)
    x = MaxPooling2D(2, name="max_pooling2d_2")(x)
    x = layers.Conv2D(384, 3, strides=1, padding="same", name="conv2d_3")(x)
    x = layers.BatchNormalization(name="batch_normalization_3")(x)
    x = layers.ReLU(name="re_lu_3")(x)
    x = layers.Conv2D(384, 3, strides=1, padding="same", name="conv2d_4")(x)
    x = layers.BatchNormalization(name="batch_normalization_4")(x)
    x = layers.ReLU(name="re_lu_4")(x)
    x = layers.Conv2D(256, 3, strides=1, padding="same", name="conv2d_5")(x)
    x = layers.BatchNormalization(name="batch_normalization_5")(x)
    x = layers.ReLU(name="re_lu_5")(x)
    x = MaxPooling2D(2, strides=2, padding="same", name="max_pooling2d_3")(x)
    x = layers.Flatten(name="flatten_1")(x)
    x = layers.Dense(4096, name="dense_1")(x)
    x = layers.ReLU(name="re_lu_6")(x)
    x = layers.Dropout(dropout_rate, name="dropout_1")(x)
    x = layers.Dense(4096, name="dense_2")(x)
    x = layers.ReLU(name="re_lu_7")(x)
    x = layers.Dropout(dropout_rate, name="dropout_2")(x)
    x = layers.Dense(1000, name="dense_3")(x)
    x = layers.Softmax(name="softmax_1")(x)
    model = keras.Model(image, x, name="alexnet_classifier")
    return assert_parameters(model, total=76_015_336, trainable=76_012_584, non_trainable=2752)
