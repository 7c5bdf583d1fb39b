"""Theory's depth scale of tanh networks on both sides of the edge of chaos."""

import math
from functools import cache

from scipy import optimize

from jaxnn import criticality

MAP_BIAS_VARIANCE = 0.05


@cache
def chaos_depth_scale(weight_variance: float, bias_variance: float) -> float:
    """ξ of tanh: −1 / log of the correlation map's slope at the correlation where inputs settle.

    Below the edge of chaos that correlation is 1 and the slope is χ. Above the edge it is below 1,
    and criticality.depth_scales has only the gradient's growth there.

    Example:
        >>> round(chaos_depth_scale(1.0, 0.05), 2)
        3.63
    """
    scales = criticality.depth_scales("tanh", weight_variance, bias_variance)
    if scales.gradient_factor < 1:
        return scales.correlation

    def following(correlation: float):
        return criticality.correlation_map(
            "tanh", correlation, scales.q, weight_variance, bias_variance
        )

    settled = optimize.brentq(lambda c: following(c).correlation - c, 0, 1 - 1e-6)
    return -1 / math.log(following(settled).slope)


def depths(multiples: tuple[float, ...], weight_variance: float) -> list[int]:
    """Numbers of hidden layers at these multiples of ξ, at least 1 and ascending.

    Example:
        >>> depths((2.0, 6.0), 1.0)
        [7, 22]
    """
    scale = chaos_depth_scale(weight_variance, MAP_BIAS_VARIANCE)
    found: list[int] = []
    for multiple in multiples:
        found.append(max(round(multiple * scale), found[-1] + 1 if found else 1))
    return found
